#!/usr/bin/env node
// Cada documento em docs/ precisa de front matter com title, tags e last_review.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const REQUIRED = ['title', 'tags', 'last_review'];
const problems = [];

function walk(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) walk(path);
    else if (entry.name.endsWith('.md')) check(path);
  }
}

function check(path) {
  const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  const match = /^---\r?\n([\s\S]*?)\r?\n---\r?\n/.exec(text);
  if (!match) {
    problems.push(`${path}: sem front matter`);
    return;
  }
  for (const key of REQUIRED) {
    if (!new RegExp(`^${key}:`, 'm').test(match[1])) problems.push(`${path}: falta ${key}`);
  }
}

walk('docs');
problems.forEach((line) => console.error(line));
process.exit(problems.length ? 1 : 0);
