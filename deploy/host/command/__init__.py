"""What the command `tweet-lake` is made of; it runs with the host's own Python and boto3."""
