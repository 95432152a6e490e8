// Package store keeps logs, records of key and value, and blobs in SQL (SQLite). Start from Store. It knows no meeting.
package store
