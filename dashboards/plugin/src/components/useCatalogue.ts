import { useCallback, useEffect, useState } from 'react';

import type { GrantwatchDataSource } from '../datasource';
import { QuerySpec } from '../types';

export interface Catalogue {
  specs?: QuerySpec[];
  error?: string;
  retry: () => void;
}

// useCatalogue is the list of queries, or why it could not be had.
export function useCatalogue(datasource: GrantwatchDataSource): Catalogue {
  const [specs, setSpecs] = useState<QuerySpec[]>();
  const [error, setError] = useState<string>();
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    let gone = false;
    datasource.catalogue().then(
      (list) => !gone && (setSpecs(list), setError(undefined)),
      (err: { data?: { message?: string }; message?: string }) => !gone && setError(err?.data?.message ?? err?.message ?? String(err))
    );
    return () => {
      gone = true;
    };
  }, [datasource, attempt]);

  return { specs, error, retry: useCallback(() => setAttempt((n) => n + 1), []) };
}
