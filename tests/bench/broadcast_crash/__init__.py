"""kill -9 of hub, broker and agents around announcements, judged by what the loudspeakers gave off."""
