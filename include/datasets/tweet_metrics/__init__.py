"""The dataset ``tweet_metrics``: what a post's counts were, one row per post and observation."""
