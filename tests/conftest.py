"""What all tests share: the profile of property tests."""

from hypothesis import settings

# No deadline a case (machines are noisy, and no test asserts a wall time); the same cases every time.
settings.register_profile("fixed", deadline=None, derandomize=True)
settings.load_profile("fixed")
