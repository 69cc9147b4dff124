"""The commands of ``sabiscore``, one a module: each puts the parts together for one purpose.

With :mod:`sabiscore` this is the composition root; anything of ours may come in, nothing of ours
imports it.
"""
