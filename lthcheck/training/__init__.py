"""Training: replicas trained together; one file a backend, one contract for all."""
