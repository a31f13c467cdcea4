"""The rules of the hub: plain functions of state, event and `now`; standard library only."""
