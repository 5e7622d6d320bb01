"""Readers of road data: each turns a publisher's or a user's file into a :class:`matcare.travel.graph.RoadGraph`."""
