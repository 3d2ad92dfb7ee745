import { DataSourceJsonData } from '@grafana/data';
import { DataQuery } from '@grafana/schema';

// ParamValue is what stands in a saved query. An array is never joined to one string: a name may hold a comma.
export type ParamValue = string | number | boolean | string[];

export interface GrantwatchQuery extends DataQuery {
  // query is the name of a query of the backend's list. There is no SQL in the front end.
  query: string;
  params: Record<string, ParamValue>;
  // column names the one column of numbers that is left of the answer. All of them without it.
  column?: string;
  // streaming asks the backend for a channel on which new rows follow.
  streaming?: boolean;
  // format makes rows of what would be series.
  format?: 'table';
}

// ParamSpec is one parameter of a named query, as GET resources/queries tells it.
export interface ParamSpec {
  name: string;
  type: string;
  multi?: boolean;
  // needed says that there are no rows without a value.
  needed?: boolean;
  default?: ParamValue | null;
  min?: number;
  max?: number;
  description?: string;
  options?: string[];
}

// ColumnSpec is one column of an answer.
export interface ColumnSpec {
  name: string;
  type: string;
  unit?: string;
  description?: string;
}

// QuerySpec is one named query, as GET resources/queries tells it.
export interface QuerySpec {
  name: string;
  title: string;
  description: string;
  unit?: string;
  shape: string;
  streaming?: boolean;
  // variable is the column whose values it offers as values of a dashboard's variable.
  variable?: string;
  alerting?: boolean;
  time_range?: string;
  params: ParamSpec[];
  columns?: ColumnSpec[];
}

// TokenOptions say which header has a signed token that names the user, and who must have signed it.
export interface TokenOptions {
  header?: string;
  jwksUrl?: string;
  issuer?: string;
  audience?: string;
}

// ScopeRule gives teams to whoever matches it: an address or login, or an organisation role of Grafana.
export interface ScopeRule {
  users?: string[];
  roles?: string[];
  teams: string[];
}

export interface GrantwatchOptions extends DataSourceJsonData {
  server?: string;
  username?: string;
  scopes?: ScopeRule[];
  // defaultTeams are what a user sees whom no rule names. Without any, nothing.
  defaultTeams?: string[];
  forwardIdentity?: boolean;
  identityToken?: TokenOptions;
  queryTimeoutSeconds?: number;
  pollSeconds?: number;
  tlsSkipVerify?: boolean;
  tlsAuth?: boolean;
  tlsAuthWithCACert?: boolean;
  serverName?: string;
}

export interface GrantwatchSecrets {
  password?: string;
  tlsCACert?: string;
  tlsClientCert?: string;
  tlsClientKey?: string;
}
