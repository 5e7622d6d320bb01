"""Where units should open or be upgraded: location models with the existing units fixed.

The way in is ``site_units(area, SitingRequest(add=2))`` in :mod:`matcare.planning.siting.plan`. ``request`` says what
can be asked; ``candidates`` and ``problem`` make the instance; ``heuristics``, ``models``, ``volume`` and ``center``
solve it for ``most``, ``fewest`` and ``solve``; ``evaluate`` measures what was chosen again from minutes; ``tables``
says it.
"""
