"""Kruise Rollouts: releases in steps of pods and traffic, by partition, extra Deployment or blue-green."""
