"""What a listener's taste is, in numbers: each concept a module, each number with what it rests on.

`segue.domain.taste.profile.build_profile` joins them. docs/taste.md explains every figure.
"""
