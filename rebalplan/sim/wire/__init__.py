"""The TWS protocol as bytes and fields: frames, messages, requests and their parsers."""
