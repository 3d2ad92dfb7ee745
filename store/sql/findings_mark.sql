SELECT concat(
    toString((SELECT max(version) FROM findings)), ' ',
    toString((SELECT max(version) FROM handlings)), ' ',
    toString((SELECT max(version) FROM exceptions_made)))
