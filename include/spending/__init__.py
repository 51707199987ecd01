"""What X has charged, and what may still be spent.

X charges a resource once per UTC day of its own clock, so that everything here counts by that day.
A run reserves the most that it may cost before it asks for anything, and settles once its pages
are stored; runs that do so at the same time see each other's reservations.
"""
