"""AgentRun, Alibaba Cloud's agent runtime, over its HTTP API (version 2025-09-10)."""
