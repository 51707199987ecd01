"""Reports: a page of pictures for each dataset, made from the warehouse."""
