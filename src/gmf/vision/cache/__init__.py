"""Caches of views: prepared pixels and stage maps, addressed by content, shared by all models."""
