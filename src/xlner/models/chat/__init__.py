"""A client for chat endpoints, shared by the stages that ask a large language model."""
