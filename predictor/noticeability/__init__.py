"""Would the model notice a difference: measures of a pair, the network, how it is learned and explained."""
