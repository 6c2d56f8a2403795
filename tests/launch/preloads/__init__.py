"""What zygotes of the tests import instead of `ml.preload`: quick ones, and ones that make forking unsafe."""
