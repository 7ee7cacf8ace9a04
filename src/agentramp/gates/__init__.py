"""What has to agree before a canary gets any traffic: one port, an adapter for each kind."""
