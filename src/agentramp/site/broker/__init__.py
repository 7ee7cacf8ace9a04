"""The payment broker that sells documentation sites."""
