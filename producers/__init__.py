"""Feeds: whatever puts events on a stream; may import model_store and below, and no agent."""
