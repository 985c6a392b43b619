"""The records that flow through the stages, tag schemes, label maps, the registry and signatures."""
