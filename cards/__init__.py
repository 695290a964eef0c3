"""What goes to the Hub: cards, licence rules, pushing."""
