"""What an agent wrote: the port and its adapters."""
