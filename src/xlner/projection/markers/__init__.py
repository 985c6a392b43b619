"""WrittenMarkers around entities: writing them, reading them back, matching them to entities."""
