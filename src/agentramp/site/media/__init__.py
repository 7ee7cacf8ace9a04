"""Pictures on their way to the Media Kit of a site: TUS, resumed, and each sent once."""
