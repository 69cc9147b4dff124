"""Pure football: events fold into state, state gives a feature vector; no input or output here."""
