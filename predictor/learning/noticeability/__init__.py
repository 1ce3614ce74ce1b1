"""Learn how noticeable a change is: from observers, asked or recorded, to the network and its link."""
