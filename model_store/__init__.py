"""Fit, evaluate, register, verify and load models; is handed arrays and knows no stream."""
