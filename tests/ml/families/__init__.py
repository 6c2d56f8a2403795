"""What holds for every family of models, proved for each by the same tests."""
