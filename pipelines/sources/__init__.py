"""The outside world -> rows: bytes in, frame out, nothing else. No database, no clock, no orchestrator."""
