"""How a space is searched: samplers that propose, pruners that give up, objectives to judge by."""
