"""Scenarios: what happens to a community of light devices, and which figures must hold; the shipped ones are the YAML
files beside this."""
