"""What the verb ``site`` does: whose tokens, which browser, what is bought and what is sent."""
