"""What a design gains in operation: paired figures, the servers it needs, and how both follow their inputs."""
