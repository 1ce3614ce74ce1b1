"""What the gateway would save on the traffic somebody has, before anything is deployed."""
