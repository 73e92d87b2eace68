#!/bin/bash
# Only words.
