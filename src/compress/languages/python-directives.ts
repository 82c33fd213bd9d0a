/** Read by type checkers, linters, formatters, coverage, compilers to C, and notebooks (Databricks and Colab too). */
export const pythonDirectives =
  /#\s*(?:type:|noqa\b|no-?qa:|pragma\b|pylint:|mypy:|pyright:|pyre-|pytype:|ty:|fmt:|isort:|yapf:|black:|flake8:|ruff:|nosec\b|nosemgrep|noinspection|cython:|distutils:|doctest:|codespell:|spell-checker:|cspell:|bandit:|coverage:|SPDX-License-Identifier:|NOSONAR\b|MAGIC(?:\s|$)|COMMAND -{10}|DBTITLE\b|Databricks notebook source|@(?:param|title|markdown)\b|%%|In\[)|^#:/

/** PEP 263. */
export const pythonCoding = /^#.*?coding[:=][ \t]*[-\w.]+/
