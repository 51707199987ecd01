"""A local world for the pipeline: an X API, an S3 and a mail server on loopback.

Start it with `python -m sandbox`, or in a test with `sandbox.world.World`.
"""
