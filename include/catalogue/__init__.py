"""Which objects are a day of a dataset: its compacted files, or the small ones that runs land."""
