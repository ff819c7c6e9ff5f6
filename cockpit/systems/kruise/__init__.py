"""Kruise Rollouts: releases in steps of pods and traffic, by partition, with an extra Deployment, or blue-green."""
