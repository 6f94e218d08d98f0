"""A listener's taste in numbers; each number names the events that it rests on.

`segue.domain.taste.profile.build_profile` joins the modules. docs/taste.md explains every figure.
"""
