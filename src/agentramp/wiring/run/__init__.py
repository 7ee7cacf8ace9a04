"""What the verb ``run`` does: from a folder or an address to an agent that answers."""
