"""The user's side of one invocation: from event bytes to answer bytes. No HTTP lives here."""
