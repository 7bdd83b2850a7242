"""What there is by name, with what is known of it: networks, data sets, recipes, and where they stand in the papers."""
